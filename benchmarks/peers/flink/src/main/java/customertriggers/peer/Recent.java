package customertriggers.peer;

import java.util.ArrayList;
import java.util.List;

/** A customer's carts and purchases that can still matter, by event time, equal times in order of arrival. */
public class Recent {
    public List<Event> events = new ArrayList<>();

    boolean isEmpty() {
        return events.isEmpty();
    }

    void insert(Event event) {
        int at = events.size();
        while (at > 0 && events.get(at - 1).timeMs > event.timeMs) {
            at--;
        }
        events.add(at, event);
    }

    /** Whether the oldest event is decided at {@code nowMs}: a purchase that has passed, a cart whose time is up. */
    boolean isOldestDue(long nowMs, long withinMs) {
        if (events.isEmpty()) {
            return false;
        }
        Event oldest = events.get(0);
        return nowMs >= (oldest.isCartAdd() ? oldest.timeMs + withinMs : oldest.timeMs);
    }

    /** Whether the oldest event is a cart with no purchase in time after it; with {@code restart} no cart either. */
    boolean isOldestAbandoned(long withinMs, boolean restart) {
        Event oldest = events.get(0);
        if (!oldest.isCartAdd()) {
            return false;
        }
        for (int at = 1; at < events.size() && events.get(at).timeMs < oldest.timeMs + withinMs; at++) {
            if (restart || events.get(at).isPurchase()) {
                return false;
            }
        }
        return true;
    }

    Event removeOldest() {
        return events.remove(0);
    }
}
