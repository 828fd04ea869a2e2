// SPDX-License-Identifier: Apache-2.0
package peer.flink;

import org.apache.flink.streaming.api.functions.source.legacy.RichParallelSourceFunction;
import org.apache.flink.streaming.api.watermark.Watermark;
import peer.Event;
import peer.Tally;

/** The rows of the heap, dealt out in morsels, each with a watermark before it. */
@SuppressWarnings({"serial", "deprecation"})
final class Replay extends RichParallelSourceFunction<Event> {
  private static final int MORSEL = 65536;

  @Override
  public void run(SourceContext<Event> context) {
    int all = getRuntimeContext().getTaskInfo().getNumberOfParallelSubtasks();
    int mine = getRuntimeContext().getTaskInfo().getIndexOfThisSubtask();
    Event[] rows = Event.rows;
    Tally.begin();
    for (long at = (long) mine * MORSEL; at < rows.length; at += (long) all * MORSEL) {
      int end = (int) Math.min(at + MORSEL, rows.length);
      context.emitWatermark(new Watermark(rows[(int) at].atUs / 1000 - 1));
      // Held once for all of them, the lock costs each next to nothing.
      synchronized (context.getCheckpointLock()) {
        for (int i = (int) at; i < end; i++) {
          context.collectWithTimestamp(rows[i], rows[i].atUs / 1000);
        }
      }
    }
  }

  @Override
  public void cancel() {}
}
