package customertriggers.peer;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;

/**
 * JSON to events, as fast as Jackson goes, the same for every JVM peer.
 *
 * <p>A streaming parser, no tree and no data binding. Every token is read, so a malformed event is found; the payload
 * ({@code properties}, {@code context}) is skipped, not built.
 */
final class EventJson {
    private EventJson() {}

    /** The next event, or null at the end of the input; any number of them may follow each other in it. */
    static Event next(JsonParser parser) throws IOException {
        if (parser.nextToken() == null) {
            return null;
        }
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
