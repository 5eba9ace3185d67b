package customertriggers.peer;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Locale;
import org.apache.flink.api.common.JobExecutionResult;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.serialization.AbstractDeserializationSchema;
import org.apache.flink.configuration.CheckpointingOptions;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.connector.base.DeliveryGuarantee;
import org.apache.flink.connector.kafka.sink.KafkaRecordSerializationSchema;
import org.apache.flink.connector.kafka.sink.KafkaSink;
import org.apache.flink.connector.kafka.source.KafkaSource;
import org.apache.flink.connector.kafka.source.enumerator.initializer.OffsetsInitializer;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.util.ParameterTool;
import org.apache.kafka.clients.producer.ProducerRecord;

/**
 * From a topic, up to where it ends now, to a topic, exactly once: {@code --bootstrap-servers HOST:PORT --topic NAME
 * --actions-topic NAME --checkpoints FOLDER}.
 *
 * <p>A checkpoint every two seconds, as ours closes an epoch; state on the heap, checkpoints in files. Reports events,
 * seconds and cpu_seconds, both from the first event read to the job's end, when the last transaction is committed.
 */
final class KafkaEnds implements Ends {
    private static final Duration CHECKPOINT_INTERVAL = Duration.ofSeconds(2);
    // Flink's default is an hour, and brokers allow a quarter of one.
    private static final String TRANSACTION_TIMEOUT_MS = "600000";

    private final ParameterTool arguments;

    KafkaEnds(ParameterTool arguments) {
        this.arguments = arguments;
    }

    @Override
    public void configure(Configuration configuration) {
        configuration.set(CheckpointingOptions.CHECKPOINTING_INTERVAL, CHECKPOINT_INTERVAL);
        configuration.set(CheckpointingOptions.CHECKPOINT_STORAGE, "filesystem");
        configuration.set(CheckpointingOptions.CHECKPOINTS_DIRECTORY, "file://" + arguments.getRequired("checkpoints"));
    }

    @Override
    public DataStream<Event> events(StreamExecutionEnvironment environment, WatermarkStrategy<Event> watermarks) {
        KafkaSource<Event> source =
                KafkaSource.<Event>builder()
                        .setBootstrapServers(arguments.getRequired("bootstrap-servers"))
                        .setTopics(arguments.getRequired("topic"))
                        .setStartingOffsets(OffsetsInitializer.earliest())
                        .setBounded(OffsetsInitializer.latest())
                        .setValueOnlyDeserializer(new EventSchema())
                        .build();
        return environment.fromSource(source, watermarks, "events");
    }

    @Override
    public void write(DataStream<String> matches) {
        String topic = arguments.getRequired("actions-topic");
        matches.sinkTo(
                KafkaSink.<String>builder()
                        .setBootstrapServers(arguments.getRequired("bootstrap-servers"))
                        .setDeliveryGuarantee(DeliveryGuarantee.EXACTLY_ONCE)
                        .setTransactionalIdPrefix(topic)
                        .setProperty("transaction.timeout.ms", TRANSACTION_TIMEOUT_MS)
                        .setRecordSerializer(new LineSchema(topic))
                        .build());
    }

    @Override
    public String report(JobExecutionResult result, double seconds) {
        Long events = result.getAccumulatorResult(PeerJob.EVENTS);
        Moment now = Moment.now();
        return String.format(
                Locale.ROOT,
                "{\"events\":%d,\"seconds\":%.3f,\"cpu_seconds\":%.3f}",
                events,
                (now.wallNs - EventSchema.began.wallNs) / 1e9,
                (now.cpuNs - EventSchema.began.cpuNs) / 1e9);
    }

    private record Moment(long wallNs, long cpuNs) {
        static Moment now() {
            OperatingSystemMXBean system = (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
            return new Moment(System.nanoTime(), system.getProcessCpuTime());
        }
    }

    /** Leaves the record's time to Kafka: CEP stamps what it finds at the end of the input with the end of time. */
    private record LineSchema(String topic) implements KafkaRecordSerializationSchema<String> {
        @Override
        public ProducerRecord<byte[], byte[]> serialize(String line, KafkaSinkContext context, Long timestampMs) {
            return new ProducerRecord<>(topic, line.getBytes(StandardCharsets.UTF_8));
        }
    }

    /** Notes when it is first called; the mini-cluster runs in the JVM that reports. */
    private static final class EventSchema extends AbstractDeserializationSchema<Event> {
        private static final long serialVersionUID = 1L;
        private static final JsonFactory JSON = new JsonFactory();

        private static volatile Moment began;

        EventSchema() {
            super(Event.class);
        }

        @Override
        public Event deserialize(byte[] message) throws IOException {
            if (began == null) {
                began = Moment.now();
            }
            try (JsonParser parser = JSON.createParser(message)) {
                return EventJson.next(parser);
            }
        }
    }
}
