package io.tenon.swap;

import java.util.Optional;

/** Knows for whom a thread works: a service of those who carry out what people say. */
public interface Requesters {
  /** For people, in one line; empty for a thread that works for nobody. Any thread. */
  Optional<String> ofThisThread();
}
