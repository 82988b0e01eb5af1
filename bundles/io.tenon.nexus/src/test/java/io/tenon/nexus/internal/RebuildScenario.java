package io.tenon.nexus.internal;

/** What may happen, and so what must hold. */
enum RebuildScenario {
  /** One child works all the time: hosts see nothing. */
  ONE_GOOD_CHILD,
  /** As that; the others lose their power just when they were asked to flush or to read, and take their time otherwise. */
  FORGETFUL,
  /** All may fail, but none forgets what it has acknowledged. */
  ALL_MAY_FAIL,
  /** The node of the nexus crashes; the next one begins with one child that the record calls healthy. */
  NODE_CRASHES,
  /** At times it cannot be written down who is out and who is in. */
  RECORD_FAILS,
  /** Somebody shuts it down in the middle. */
  SHUT_DOWN,
  /** As {@link #ONE_GOOD_CHILD}; its bundle is replaced again and again. */
  HANDED_OVER;

  /** Of hosts. Few where what a child lacks must not be written again before somebody looks. */
  int operations() {
    return this == FORGETFUL ? 60 : 300;
  }
}
