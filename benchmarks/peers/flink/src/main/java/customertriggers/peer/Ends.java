package customertriggers.peer;

import org.apache.flink.api.common.JobExecutionResult;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/** Where a job's events come from, where its matches go to, and what it then says of itself. */
interface Ends {
    void configure(Configuration configuration);

    DataStream<Event> events(StreamExecutionEnvironment environment, WatermarkStrategy<Event> watermarks);

    void write(DataStream<String> matches);

    /** One JSON line; {@code seconds} is the wall clock from execute to its end. */
    String report(JobExecutionResult result, double seconds) throws Exception;
}
