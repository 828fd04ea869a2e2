// SPDX-License-Identifier: Apache-2.0
package peer;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.file.Path;

/** Reads lines and answers them: see ../../child.h. All else that is printed goes to stderr. */
public final class Peer {
  /** Some work, to be done any number of times. It tells the Tally what comes of it. */
  public interface Job {
    void run() throws Exception;
  }

  /** An engine that knows how to do pieces of work. */
  public interface Engine {
    /** Gets ready for a piece of work over so many rows on so many threads; null: no such work. */
    Job prepare(String work, int count, int threads) throws Exception;
  }

  /** Jobs before the first that counts, however long they take. */
  private static final int WARM_JOBS = 2;

  private static double warm; // seconds this process has worked already

  private Peer() {}

  private static double work(Job job) throws Exception {
    long begin = System.nanoTime();
    Tally.reset();
    job.run();
    return (System.nanoTime() - begin) * 1e-9;
  }

  private static Job prepare(Engine engine, String[] words) throws Exception {
    int count = Integer.parseInt(words[3]);
    if (!words[1].startsWith("nexmark_")) {
      Event.read(Path.of(words[2]), count);
    }
    Job job = engine.prepare(words[1], count, Integer.parseInt(words[4]));
    double wanted = Double.parseDouble(words[5]);
    for (int jobs = 0; job != null && wanted > 0 && (jobs < WARM_JOBS || warm < wanted); jobs++) {
      warm += work(job);
    }
    return job;
  }

  public static void serve(Engine engine) throws IOException {
    PrintStream answers = System.out;
    System.setOut(System.err);
    BufferedReader lines = new BufferedReader(new InputStreamReader(System.in));
    Job job = null;
    for (String line = lines.readLine(); line != null; line = lines.readLine()) {
      String[] words = line.split(" ");
      String answer = "failed to do: " + line;
      try {
        if (words[0].equals("prepare")) {
          job = prepare(engine, words);
          answer = job == null ? answer : "ready";
        } else if (job != null) {
          work(job);
          answer = Tally.line();
        }
      } catch (Exception e) {
        e.printStackTrace();
      }
      answers.println(answer);
      answers.flush();
    }
    System.exit(0);
  }
}
