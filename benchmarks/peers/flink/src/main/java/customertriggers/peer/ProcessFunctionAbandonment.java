package customertriggers.peer;

import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.streaming.api.functions.KeyedProcessFunction;
import org.apache.flink.util.Collector;

/**
 * Abandonment by hand, on Flink's keyed state and timers.
 *
 * <p>A cart is abandoned when nothing that matters comes in [A, A+30m), so one timer at its deadline is all it needs:
 * by then the watermark says that the half hour is complete, in whatever order its events came. No event waits in a
 * buffer for the watermark, as it does in CEP, and no timer is ever deleted.
 */
public final class ProcessFunctionAbandonment {
    private ProcessFunctionAbandonment() {}

    public static void main(String[] args) throws Exception {
        PeerJob job = PeerJob.of(args);
        job.run(job.eventsByCustomer().process(new Abandonment(job.isRestart())));
    }

    private static final class Abandonment extends KeyedProcessFunction<String, Event, String> {
        private static final long serialVersionUID = 1L;

        private final boolean restart;
        private transient ValueState<Recent> recent;

        Abandonment(boolean restart) {
            this.restart = restart;
        }

        @Override
        public void open(OpenContext context) {
            recent = getRuntimeContext().getState(new ValueStateDescriptor<>("recent", Recent.class));
        }

        @Override
        public void processElement(Event event, Context context, Collector<String> out) throws Exception {
            if (!event.isCartAdd() && !event.isPurchase()) {
                return;
            }
            Recent state = recent.value();
            if (state == null) {
                state = new Recent();
            }
            state.insert(event);
            recent.update(state);
            // A purchase is kept until the watermark passes it: an earlier cart may arrive after it.
            context.timerService()
                    .registerEventTimeTimer(
                            event.isCartAdd() ? event.timeMs + Abandoned.WITHIN_MS : event.timeMs);
        }

        @Override
        public void onTimer(long timeMs, OnTimerContext context, Collector<String> out) throws Exception {
            Recent state = recent.value();
            while (state != null && state.isOldestDue(timeMs, Abandoned.WITHIN_MS)) {
                boolean abandoned = state.isOldestAbandoned(Abandoned.WITHIN_MS, restart);
                Event oldest = state.removeOldest();
                if (abandoned) {
                    out.collect(Abandoned.line(oldest));
                }
                if (state.isEmpty()) {
                    state = null;
                }
            }
            if (state == null) {
                recent.clear();
            } else {
                recent.update(state);
            }
        }
    }
}
