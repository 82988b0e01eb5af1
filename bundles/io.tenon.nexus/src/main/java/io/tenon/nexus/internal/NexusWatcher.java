package io.tenon.nexus.internal;

/** Told what happens to a nexus. Must not block. */
interface NexusWatcher {
  /** On the home reactor: a child is out and no reactor has a channel to it: its device may be closed. */
  void childIsIdle(String nexus, Child child);

  /** On the home reactor: it has shut itself down, since going on could harm the data. */
  void stoppedByItself(String nexus, String why);

  /** On any thread: its block device was closed. */
  void closed(String nexus);
}
