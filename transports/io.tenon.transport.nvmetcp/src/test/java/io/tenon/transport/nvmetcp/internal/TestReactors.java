package io.tenon.transport.nvmetcp.internal;

import io.tenon.error.TenonException;
import io.tenon.reactor.internal.ReactorConfig;
import io.tenon.reactor.internal.ReactorService;
import java.lang.annotation.Annotation;

/** Reactors without a framework. */
public record TestReactors(String cores, int small_buffers, int large_buffers)
    implements ReactorConfig {
  /** One reactor, on any core. */
  public static ReactorService one() throws TenonException {
    return start("", 512, 64);
  }

  public static ReactorService start(String cores, int smallBuffers, int largeBuffers)
      throws TenonException {
    return new ReactorService(new TestReactors(cores, smallBuffers, largeBuffers));
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
  public int large_buffer_bytes() {
    return 131_072;
  }

  @Override
  public Class<? extends Annotation> annotationType() {
    return ReactorConfig.class;
  }
}
