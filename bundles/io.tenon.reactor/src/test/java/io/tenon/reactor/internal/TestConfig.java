package io.tenon.reactor.internal;

import java.lang.annotation.Annotation;

/** A small configuration. */
record TestConfig(String cores) implements ReactorConfig {
  static final int LARGE_BUFFERS = 8;

  static ReactorConfig withCores(String cores) {
    return new TestConfig(cores);
  }

  @Override
  public boolean pin() {
    return true;
  }

  @Override
  public long spin_us() {
    return 50;
  }

  @Override
  public int small_buffers() {
    return 32;
  }

  @Override
  public int large_buffers() {
    return LARGE_BUFFERS;
  }

  @Override
  public int large_buffer_bytes() {
    return 131_072;
  }

  @Override
  public Class<? extends Annotation> annotationType() {
    return ReactorConfig.class;
  }
}
