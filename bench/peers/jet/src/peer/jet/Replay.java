// SPDX-License-Identifier: Apache-2.0
package peer.jet;

import com.hazelcast.jet.core.AbstractProcessor;
import peer.Event;
import peer.Tally;

/** The rows of the heap, dealt out in morsels to as many processors as there are threads. */
final class Replay extends AbstractProcessor {
  private static final int MORSEL = 65536;

  private final Event[] rows = Event.rows;
  private long at;
  private long end;
  private long step;

  @Override
  protected void init(Context context) {
    at = (long) context.globalProcessorIndex() * MORSEL;
    end = at + MORSEL;
    step = (long) context.totalParallelism() * MORSEL;
    Tally.begin();
  }

  @Override
  public boolean complete() {
    while (at < rows.length) {
      if (!tryEmit(rows[(int) at])) {
        return false;
      }
      if (++at == end) {
        at += step - MORSEL;
        end += step;
      }
    }
    return true;
  }
}
