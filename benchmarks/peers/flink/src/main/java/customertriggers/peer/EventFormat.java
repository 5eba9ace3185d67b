package customertriggers.peer;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.connector.file.src.reader.SimpleStreamFormat;
import org.apache.flink.connector.file.src.reader.StreamFormat;
import org.apache.flink.core.fs.FSDataInputStream;

/**
 * JSON lines to events, as fast as Jackson goes.
 *
 * <p>Choices in Flink's favour: one streaming parser over the whole file (JSON lines are JSON values with white
 * space between, so no line is made a String first), no tree and no data binding, and the parsing runs in the file
 * source's fetcher thread, beside the task thread. Every token is read, so a malformed line is found; the payload
 * ({@code properties}, {@code context}) is skipped, not built.
 */
public class EventFormat extends SimpleStreamFormat<Event> {
    private static final long serialVersionUID = 1L;

    @Override
    public Reader<Event> createReader(Configuration config, FSDataInputStream stream) throws IOException {
        JsonParser parser = new JsonFactory().createParser(stream);
        return new Reader<>() {
            @Override
            public Event read() throws IOException {
                return parser.nextToken() == null ? null : readEvent(parser);
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

    /** The parser stands on the object's opening brace, and is left on its closing one. */
    private static Event readEvent(JsonParser parser) throws IOException {
        Event event = new Event();
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            String field = parser.currentName();
            parser.nextToken();
            switch (field) {
                case "event_id" -> event.id = parser.getText();
                case "type" -> event.type = parser.getText();
                case "customer_id" -> event.customer = parser.getText();
                case "event_time" -> event.timeMs = EventTime.parseMs(parser.getText());
                default -> parser.skipChildren();
            }
        }
        return event;
    }
}
