package io.tenon.health.internal;

/** What a check means to those who decide about the node as a whole. Most checks have neither: an error of one volume stays there. */
final class Tags {
  /** Critical: only a new start of the node helps. */
  static final String LIVE = "live";

  /** Critical: nobody should be sent to this node now. */
  static final String READY = "ready";

  private Tags() {}
}
