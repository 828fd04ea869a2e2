// SPDX-License-Identifier: Apache-2.0
package oracle;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import org.apache.beam.sdk.transforms.windowing.BoundedWindow;
import org.apache.beam.sdk.transforms.windowing.IntervalWindow;
import org.apache.beam.sdk.transforms.windowing.PaneInfo;
import org.joda.time.Instant;

/** Where and when an element came out, as it is written down. */
public final class Panes {
  private static final ObjectMapper JSON = new ObjectMapper();

  private Panes() {}

  /** Adds window, pane and event time. */
  public static ObjectNode describe(
      ObjectNode row, BoundedWindow window, PaneInfo pane, Instant at) {
    if (window instanceof IntervalWindow) {
      row.put("start", ((IntervalWindow) window).start().getMillis());
      row.put("end", ((IntervalWindow) window).end().getMillis());
    }
    row.put("timing", pane.getTiming().name());
    row.put("index", pane.getIndex());
    row.put("on_time", pane.getNonSpeculativeIndex());
    row.put("first", pane.isFirst());
    row.put("last", pane.isLast());
    row.put("at", at.getMillis());
    return row;
  }

  public static ObjectNode object() {
    return JSON.createObjectNode();
  }
}
