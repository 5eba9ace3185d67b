package customertriggers.peer;

import java.time.Duration;

/** What the rule waits for, and how every peer writes down what it found. */
final class Abandoned {
    static final long WITHIN_MS = Duration.ofMinutes(30).toMillis();

    private Abandoned() {}

    /** One line of the answer: deadline in epoch ms, customer, event id of the cart. */
    static String line(Event cart) {
        return (cart.timeMs + WITHIN_MS) + "\t" + cart.customer + "\t" + cart.id;
    }
}
