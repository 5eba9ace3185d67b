package customertriggers.peer;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import java.io.IOException;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.connector.file.src.reader.SimpleStreamFormat;
import org.apache.flink.connector.file.src.reader.StreamFormat;
import org.apache.flink.core.fs.FSDataInputStream;

/**
 * A file of JSON lines as Flink reads it.
 *
 * <p>Choices in Flink's favour: one streaming parser over the whole file (JSON lines are JSON values with white
 * space between, so no line is made a String first), and the parsing runs in the file source's fetcher thread, beside
 * the task thread.
 */
public class EventFormat extends SimpleStreamFormat<Event> {
    private static final long serialVersionUID = 1L;

    @Override
    public Reader<Event> createReader(Configuration config, FSDataInputStream stream) throws IOException {
        JsonParser parser = new JsonFactory().createParser(stream);
        return new Reader<>() {
            @Override
            public Event read() throws IOException {
                return EventJson.next(parser);
            }

            @Override
            public void close() throws IOException {
                parser.close();
            }
        };
    }

    @Override
    public TypeInformation<Event> getProducedType() {
        return TypeInformation.of(Event.class);
    }
}
