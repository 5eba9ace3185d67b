package customertriggers.peer;

import java.time.Duration;
import java.util.Locale;
import org.apache.flink.api.common.JobExecutionResult;
import org.apache.flink.api.common.accumulators.LongCounter;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.functions.RichFilterFunction;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.PipelineOptions;
import org.apache.flink.connector.file.src.FileSource;
import org.apache.flink.core.fs.Path;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.datastream.KeyedStream;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.util.ParameterTool;

/**
 * What both jobs share: the source, the watermark, the sink and the report.
 *
 * <p>Arguments: {@code --events FILE --out PREFIX --parallelism N --out-of-orderness-ms MS --prefilter BOOL}.
 * Prints one JSON line: events, seconds (wall clock from execute to its end, with the start of the mini-cluster),
 * seconds_net (Flink's own runtime of the job, without it), matches.
 *
 * <p>{@code prefilter} drops what the rule never asks for before the shuffle. It changes no answer of a relaxed
 * pattern, only its cost; a Flink user has to think of it and write it.
 */
final class PeerJob {
    private static final String EVENTS = "events";

    private final StreamExecutionEnvironment environment;
    private final ParameterTool arguments;

    private PeerJob(StreamExecutionEnvironment environment, ParameterTool arguments) {
        this.environment = environment;
        this.arguments = arguments;
    }

    static PeerJob of(String[] args) {
        Configuration configuration = new Configuration();
        configuration.set(PipelineOptions.OBJECT_REUSE, true);
        // A type that falls back to Kryo would make Flink slow by accident: refuse it.
        configuration.set(PipelineOptions.GENERIC_TYPES, false);
        ParameterTool arguments = ParameterTool.fromArgs(args);
        int parallelism = arguments.getInt("parallelism", 1);
        return new PeerJob(
                StreamExecutionEnvironment.createLocalEnvironment(parallelism, configuration), arguments);
    }

    String argument(String name, String otherwise) {
        return arguments.get(name, otherwise);
    }

    KeyedStream<Event, String> eventsByCustomer() {
        FileSource<Event> source =
                FileSource.forRecordStreamFormat(new EventFormat(), new Path(arguments.getRequired("events")))
                        .build();
        WatermarkStrategy<Event> watermarks =
                WatermarkStrategy.<Event>forBoundedOutOfOrderness(
                                Duration.ofMillis(arguments.getLong("out-of-orderness-ms")))
                        .withTimestampAssigner((event, unused) -> event.timeMs);
        return environment
                .fromSource(source, watermarks, "events")
                .filter(new CountAndFilter(arguments.getBoolean("prefilter", true)))
                .keyBy(event -> event.customer);
    }

    void run(DataStream<String> matches) throws Exception {
        matches.sinkTo(new LinesSink(arguments.getRequired("out")));
        long startedNs = System.nanoTime();
        JobExecutionResult result = environment.execute();
        double seconds = (System.nanoTime() - startedNs) / 1e9;
        Long events = result.getAccumulatorResult(EVENTS);
        System.out.printf(
                Locale.ROOT,
                "{\"events\":%d,\"seconds\":%.3f,\"seconds_net\":%.3f,\"matches\":%d}%n",
                events,
                seconds,
                result.getNetRuntime() / 1e3,
                LinesSink.countLines(arguments.getRequired("out"), environment.getParallelism()));
    }

    private static final class CountAndFilter extends RichFilterFunction<Event> {
        private static final long serialVersionUID = 1L;

        private final boolean prefilter;
        private final LongCounter seen = new LongCounter();

        CountAndFilter(boolean prefilter) {
            this.prefilter = prefilter;
        }

        @Override
        public void open(OpenContext context) {
            getRuntimeContext().addAccumulator(EVENTS, seen);
        }

        @Override
        public boolean filter(Event event) {
            seen.add(1L);
            return !prefilter || event.isCartAdd() || event.isPurchase();
        }
    }
}
