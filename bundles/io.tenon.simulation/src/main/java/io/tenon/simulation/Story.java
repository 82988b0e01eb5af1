package io.tenon.simulation;

import java.util.ArrayDeque;

/**
 * What happened last, for people who look at a failure: when, where, what. The rest is forgotten; {@code -Dtenon.story=N} remembers so many
 * things.
 */
public final class Story {
  private static final int MOST = Integer.getInteger("tenon.story", 150);

  private final SimWorld world;
  private final ArrayDeque<String> lines = new ArrayDeque<>();
  private long forgotten;

  public Story(SimWorld world) {
    this.world = world;
  }

  /** Changes nothing in the world, nor in its {@link Trace}. */
  public void tell(String where, String what) {
    lines.add("%12.3f ms  %-8s %s".formatted(world.nowNs() / 1e6, where, what));
    if (lines.size() <= MOST) return;
    lines.removeFirst();
    forgotten++;
  }

  @Override
  public String toString() {
    var text = new StringBuilder("What happened");
    if (forgotten > 0) text.append(", after ").append(forgotten).append(" things before");
    text.append(':');
    for (String line : lines) text.append('\n').append(line);
    return text.toString();
  }
}
