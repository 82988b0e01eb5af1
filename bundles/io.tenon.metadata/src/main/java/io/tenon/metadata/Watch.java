package io.tenon.metadata;

import org.osgi.annotation.versioning.ConsumerType;
import org.osgi.annotation.versioning.ProviderType;

/** A watch that goes on until it is closed, through any interruption of the way to the store. */
@ProviderType
public interface Watch extends AutoCloseable {
  /** No event begins after this; one that is under way may still end. Any thread, also the listener's. */
  @Override
  void close();

  /** Hears one event after the other. */
  @ConsumerType
  @FunctionalInterface
  interface Listener {
    /** On a thread of the store; may take a while, and is told to read again when it takes too long. */
    void event(WatchEvent event);
  }
}
