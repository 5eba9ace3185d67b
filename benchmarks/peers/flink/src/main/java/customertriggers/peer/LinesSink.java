package customertriggers.peer;

import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.apache.flink.api.connector.sink2.Sink;
import org.apache.flink.api.connector.sink2.SinkWriter;
import org.apache.flink.api.connector.sink2.WriterInitContext;

/** One plain text file a subtask, {@code OUT.<subtask>}: cheaper than FileSink, which wants checkpoints to commit. */
public class LinesSink implements Sink<String> {
    private static final long serialVersionUID = 1L;

    private final String out;

    public LinesSink(String out) {
        this.out = out;
    }

    /** Read back when the job is over: CEP's functions are not allowed accumulators. */
    static long countLines(String out, int subtasks) throws IOException {
        long lines = 0;
        for (int subtask = 0; subtask < subtasks; subtask++) {
            try (Stream<String> part = Files.lines(partOf(out, subtask))) {
                lines += part.count();
            }
        }
        return lines;
    }

    private static Path partOf(String out, int subtask) {
        return Path.of(out + "." + subtask);
    }

    @Override
    public SinkWriter<String> createWriter(WriterInitContext context) throws IOException {
        int subtask = context.getTaskInfo().getIndexOfThisSubtask();
        BufferedWriter file = Files.newBufferedWriter(partOf(out, subtask));
        return new SinkWriter<>() {
            @Override
            public void write(String line, Context unused) throws IOException {
                file.write(line);
                file.write('\n');
            }

            @Override
            public void flush(boolean endOfInput) throws IOException {
                file.flush();
            }

            @Override
            public void close() throws IOException {
                file.close();
            }
        };
    }
}
