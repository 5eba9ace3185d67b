package customertriggers.peer;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

/** A file of JSON lines, parsed in a thread beside the one that asks, as Flink's file source does it. */
final class EventFile {
    private static final int BATCH = 1000;
    private static final int BATCHES_AHEAD = 16;

    private EventFile() {}

    /** Gives each event to {@code consumer}, in this thread and in the file's order; returns how many there were. */
    static long forEach(Path file, Consumer<Event> consumer) throws InterruptedException {
        BlockingQueue<List<Event>> batches = new ArrayBlockingQueue<>(BATCHES_AHEAD);
        CompletableFuture<Void> parsing = CompletableFuture.runAsync(() -> parse(file, batches));
        long count = 0;
        for (List<Event> batch = batches.take(); !batch.isEmpty(); batch = batches.take()) {
            batch.forEach(consumer);
            count += batch.size();
        }
        parsing.join();
        return count;
    }

    /** The last batch is empty, also where parsing failed: whoever waits for it then sees why. */
    private static void parse(Path file, BlockingQueue<List<Event>> batches) {
        try (JsonParser parser = new JsonFactory().createParser(file.toFile())) {
            List<Event> batch = new ArrayList<>(BATCH);
            for (Event event = EventJson.next(parser); event != null; event = EventJson.next(parser)) {
                batch.add(event);
                if (batch.size() == BATCH) {
                    put(batches, batch);
                    batch = new ArrayList<>(BATCH);
                }
            }
            if (!batch.isEmpty()) {
                put(batches, batch);
            }
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        } finally {
            put(batches, List.of());
        }
    }

    private static void put(BlockingQueue<List<Event>> batches, List<Event> batch) {
        try {
            batches.put(batch);
        } catch (InterruptedException stopped) {
            throw new IllegalStateException(stopped);
        }
    }
}
