package io.tenon.transport.nvmetcp.internal.target;

import java.lang.annotation.Annotation;

/** The defaults, but for what a test sets; listens on a port that is free. */
record TestTargetConfig(
    String address, int port, int max_queue_depth, int max_io_bytes, int in_capsule_bytes)
    implements TargetConfig {
  static TestTargetConfig ofDepth(int depth) {
    return new TestTargetConfig("127.0.0.1", 0, depth, 131_072, 4096);
  }

  TestTargetConfig at(int samePort) {
    return new TestTargetConfig(address, samePort, max_queue_depth, max_io_bytes, in_capsule_bytes);
  }

  @Override
  public int max_queues() {
    return 32;
  }

  @Override
  public int admin_queue_depth() {
    return 32;
  }

  @Override
  public Class<? extends Annotation> annotationType() {
    return TargetConfig.class;
  }
}
