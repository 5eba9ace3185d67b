package customertriggers.peer;

import java.util.Comparator;
import java.util.PriorityQueue;
import java.util.function.Consumer;

/** Passes events on by event time, equal times in order of arrival: an engine without watermarks wants them so. */
final class InOrder {
    private record Waiting(Event event, long arrival) {}

    private final PriorityQueue<Waiting> waiting =
            new PriorityQueue<>(
                    Comparator.<Waiting>comparingLong(each -> each.event.timeMs).thenComparingLong(Waiting::arrival));
    private final long outOfOrdernessMs;
    private final Consumer<Event> next;
    private long arrivals = 0;
    private long watermarkMs = Long.MIN_VALUE;

    InOrder(long outOfOrdernessMs, Consumer<Event> next) {
        this.outOfOrdernessMs = outOfOrdernessMs;
        this.next = next;
    }

    /** Throws IllegalStateException where the event is late: events after it may have been passed on. */
    void accept(Event event) {
        if (event.timeMs < watermarkMs) {
            throw new IllegalStateException("event " + event.id + " is late");
        }
        waiting.add(new Waiting(event, arrivals++));
        if (event.timeMs - outOfOrdernessMs > watermarkMs) {
            watermarkMs = event.timeMs - outOfOrdernessMs;
            passOnBefore(watermarkMs);
        }
    }

    void flush() {
        passOnBefore(Long.MAX_VALUE);
    }

    private void passOnBefore(long timeMs) {
        while (!waiting.isEmpty() && waiting.peek().event.timeMs < timeMs) {
            next.accept(waiting.remove().event);
        }
    }
}
