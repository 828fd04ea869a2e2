// SPDX-License-Identifier: Apache-2.0
package peer.beam;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.NoSuchElementException;
import org.apache.beam.sdk.coders.Coder;
import org.apache.beam.sdk.io.BoundedSource;
import org.apache.beam.sdk.nexmark.NexmarkConfiguration;
import org.apache.beam.sdk.nexmark.model.Event;
import org.apache.beam.sdk.nexmark.sources.generator.Generator;
import org.apache.beam.sdk.nexmark.sources.generator.GeneratorConfig;
import org.apache.beam.sdk.options.PipelineOptions;
import org.apache.beam.sdk.values.TimestampedValue;
import org.joda.time.Instant;
import peer.Tally;

/** Part of the events, which lie in the heap in order of time. */
@SuppressWarnings("serial")
final class Replay extends BoundedSource<Event> {
  private static final String BASE_TIME = "2015-07-15T00:00:00.000Z";
  private static final int EVENT_BYTES = 200; // about

  private static List<TimestampedValue<Event>> events = new ArrayList<>();

  private final int begin;
  private final int end;
  private final int parts;

  private Replay(int begin, int end, int parts) {
    this.begin = begin;
    this.end = end;
    this.parts = parts;
  }

  /** Draws the events, as Beam's own sources do, unless they are there. */
  static void draw(NexmarkConfiguration configuration) {
    if (events.size() == configuration.numEvents) {
      return;
    }
    List<TimestampedValue<Event>> drawn = new ArrayList<>();
    GeneratorConfig all =
        new GeneratorConfig(
            configuration, Instant.parse(BASE_TIME).getMillis(), 0, configuration.numEvents, 0);
    for (GeneratorConfig part : all.split(configuration.numEventGenerators)) {
      new Generator(part).forEachRemaining(drawn::add);
    }
    drawn.sort(Comparator.comparing(TimestampedValue::getTimestamp));
    events = drawn;
  }

  /** All events, to be read in so many parts. */
  static Replay all(int parts) {
    return new Replay(0, events.size(), parts);
  }

  @Override
  public List<Replay> split(long bytes, PipelineOptions options) {
    List<Replay> split = new ArrayList<>();
    long count = end - begin;
    for (int part = 0; part < parts; part++) {
      int from = (int) (begin + count * part / parts);
      split.add(new Replay(from, (int) (begin + count * (part + 1) / parts), 1));
    }
    return split;
  }

  @Override
  public long getEstimatedSizeBytes(PipelineOptions options) {
    return (long) (end - begin) * EVENT_BYTES;
  }

  @Override
  public Coder<Event> getOutputCoder() {
    return Event.CODER;
  }

  @Override
  public BoundedReader<Event> createReader(PipelineOptions options) {
    return new Reader(this);
  }

  private static final class Reader extends BoundedReader<Event> {
    private final Replay source;
    private int at;

    Reader(Replay source) {
      this.source = source;
      at = source.begin - 1;
    }

    @Override
    public boolean start() {
      Tally.begin();
      return advance();
    }

    @Override
    public boolean advance() {
      return ++at < source.end;
    }

    private TimestampedValue<Event> current() {
      if (at < source.begin || at >= source.end) {
        throw new NoSuchElementException();
      }
      return events.get(at);
    }

    @Override
    public Event getCurrent() {
      return current().getValue();
    }

    @Override
    public Instant getCurrentTimestamp() {
      return current().getTimestamp();
    }

    @Override
    public BoundedSource<Event> getCurrentSource() {
      return source;
    }

    @Override
    public void close() {}
  }
}
