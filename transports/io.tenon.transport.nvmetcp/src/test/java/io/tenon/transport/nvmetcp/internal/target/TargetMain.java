package io.tenon.transport.nvmetcp.internal.target;

import io.tenon.transport.nvmetcp.internal.TestReactors;

/** A target alone, for measuring: {@code TargetMain CORES DEPTH PORT SIZE_MB}. Runs until killed. */
final class TargetMain {
  private TargetMain() {}

  public static void main(String[] args) throws Exception {
    var reactors = TestReactors.start(args[0], 4096, 512);
    var config =
        new TestTargetConfig(
            "127.0.0.1", Integer.parseInt(args[2]), Integer.parseInt(args[1]), 131_072, 4096);
    var node = new TargetNode(reactors, config);
    System.out.println(node.uri("malloc:///bench?blk_size=512&size_mb=" + args[3]));
    Thread.currentThread().join();
  }
}
