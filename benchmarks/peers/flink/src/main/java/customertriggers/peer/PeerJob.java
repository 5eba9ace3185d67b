package customertriggers.peer;

import java.time.Duration;
import org.apache.flink.api.common.JobExecutionResult;
import org.apache.flink.api.common.accumulators.LongCounter;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.functions.RichFilterFunction;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.PipelineOptions;
import org.apache.flink.configuration.RestartStrategyOptions;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.datastream.KeyedStream;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.util.ParameterTool;

/**
 * What both jobs share: the watermark, the filter, the run and the report.
 *
 * <p>Arguments: {@code --parallelism N --out-of-orderness-ms MS --prefilter BOOL --on-repeat overlap|restart}, and
 * those of {@link FileEnds} or, where {@code --topic} is among them, of {@link KafkaEnds}.
 *
 * <p>{@code prefilter} drops what the rule never asks for before the shuffle. It changes no answer of a relaxed
 * pattern, only its cost; a Flink user has to think of it and write it.
 */
final class PeerJob {
    static final String EVENTS = "events";

    private final StreamExecutionEnvironment environment;
    private final ParameterTool arguments;
    private final Ends ends;

    private PeerJob(StreamExecutionEnvironment environment, ParameterTool arguments, Ends ends) {
        this.environment = environment;
        this.arguments = arguments;
        this.ends = ends;
    }

    static PeerJob of(String[] args) {
        ParameterTool arguments = ParameterTool.fromArgs(args);
        Ends ends = arguments.has("topic") ? new KafkaEnds(arguments) : new FileEnds(arguments);
        Configuration configuration = new Configuration();
        configuration.set(PipelineOptions.OBJECT_REUSE, true);
        // A type that falls back to Kryo would make Flink slow by accident: refuse it.
        configuration.set(PipelineOptions.GENERIC_TYPES, false);
        // With checkpoints Flink would try a job that fails again and again, and say nothing.
        configuration.set(RestartStrategyOptions.RESTART_STRATEGY, "none");
        ends.configure(configuration);
        int parallelism = arguments.getInt("parallelism");
        return new PeerJob(
                StreamExecutionEnvironment.createLocalEnvironment(parallelism, configuration), arguments, ends);
    }

    /** Whether a newer cart takes the place of an open one; otherwise each cart is a match of its own. */
    boolean isRestart() {
        return arguments.getRequired("on-repeat").equals("restart");
    }

    KeyedStream<Event, String> eventsByCustomer() {
        WatermarkStrategy<Event> watermarks =
                WatermarkStrategy.<Event>forBoundedOutOfOrderness(
                                Duration.ofMillis(arguments.getLong("out-of-orderness-ms")))
                        .withTimestampAssigner((event, unused) -> event.timeMs);
        return ends.events(environment, watermarks)
                .filter(new CountAndFilter(arguments.getBoolean("prefilter")))
                .keyBy(event -> event.customer);
    }

    void run(DataStream<String> matches) throws Exception {
        ends.write(matches);
        long startedNs = System.nanoTime();
        JobExecutionResult result = environment.execute();
        System.out.println(ends.report(result, (System.nanoTime() - startedNs) / 1e9));
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
