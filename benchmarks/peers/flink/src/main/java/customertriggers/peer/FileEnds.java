package customertriggers.peer;

import java.util.Locale;
import org.apache.flink.api.common.JobExecutionResult;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.connector.file.src.FileSource;
import org.apache.flink.core.fs.Path;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.util.ParameterTool;

/**
 * From a file to files: {@code --events FILE --out PREFIX --parallelism N}.
 *
 * <p>Reports events, seconds (with the start of the mini-cluster), seconds_net (Flink's own runtime of the job,
 * without it), matches.
 */
final class FileEnds implements Ends {
    private final String in;
    private final String out;
    private final int parallelism;

    FileEnds(ParameterTool arguments) {
        in = arguments.getRequired("events");
        out = arguments.getRequired("out");
        parallelism = arguments.getInt("parallelism");
    }

    @Override
    public void configure(Configuration configuration) {}

    @Override
    public DataStream<Event> events(StreamExecutionEnvironment environment, WatermarkStrategy<Event> watermarks) {
        FileSource<Event> source = FileSource.forRecordStreamFormat(new EventFormat(), new Path(in)).build();
        return environment.fromSource(source, watermarks, "events");
    }

    @Override
    public void write(DataStream<String> matches) {
        matches.sinkTo(new LinesSink(out));
    }

    @Override
    public String report(JobExecutionResult result, double seconds) throws Exception {
        Long events = result.getAccumulatorResult(PeerJob.EVENTS);
        return String.format(
                Locale.ROOT,
                "{\"events\":%d,\"seconds\":%.3f,\"seconds_net\":%.3f,\"matches\":%d}",
                events,
                seconds,
                result.getNetRuntime() / 1e3,
                LinesSink.countLines(out, parallelism));
    }
}
