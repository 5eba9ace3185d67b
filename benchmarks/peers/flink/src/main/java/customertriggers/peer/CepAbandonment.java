package customertriggers.peer;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.apache.flink.cep.CEP;
import org.apache.flink.cep.functions.PatternProcessFunction;
import org.apache.flink.cep.pattern.Pattern;
import org.apache.flink.cep.pattern.conditions.SimpleCondition;
import org.apache.flink.util.Collector;

/**
 * Abandonment by Flink CEP: something put in the cart, then no purchase within 30 minutes.
 *
 * <p>{@code --on-repeat overlap} is CEP's own default (noSkip): each cart is a match of its own. CEP has no word for
 * {@code restart}, but for this rule it can be said: a newer cart is one more thing that must not follow.
 */
public final class CepAbandonment {
    private CepAbandonment() {}

    public static void main(String[] args) throws Exception {
        PeerJob job = PeerJob.of(args);
        SimpleCondition<Event> ends =
                job.isRestart()
                        ? SimpleCondition.of(event -> event.isPurchase() || event.isCartAdd())
                        : SimpleCondition.of(Event::isPurchase);
        Pattern<Event, ?> abandonment =
                Pattern.<Event>begin("cart")
                        .where(SimpleCondition.of(Event::isCartAdd))
                        .notFollowedBy("bought")
                        .where(ends)
                        .within(Duration.ofMillis(Abandoned.WITHIN_MS));
        job.run(CEP.pattern(job.eventsByCustomer(), abandonment).process(new EmitCart()));
    }

    private static final class EmitCart extends PatternProcessFunction<Event, String> {
        private static final long serialVersionUID = 1L;

        @Override
        public void processMatch(Map<String, List<Event>> match, Context context, Collector<String> out) {
            out.collect(Abandoned.line(match.get("cart").get(0)));
        }
    }
}
