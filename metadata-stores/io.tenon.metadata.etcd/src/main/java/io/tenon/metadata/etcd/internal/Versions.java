package io.tenon.metadata.etcd.internal;

import io.tenon.metadata.Version;
import java.util.concurrent.atomic.AtomicLong;

/** The greatest version that any answer has had. */
final class Versions {
  private final AtomicLong greatest = new AtomicLong();

  void seen(long revision) {
    greatest.accumulateAndGet(revision, Math::max);
  }

  Version greatest() {
    return new Version(greatest.get());
  }
}
