package io.tenon.transport.nvmetcp.internal.target;

import io.tenon.error.TenonException;
import io.tenon.nvme.TransportLimits;
import io.tenon.nvme.TransportType;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.function.UnaryOperator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A target's configuration, checked. A bad value in the environment is logged and the configured one kept, as Mayastor does. */
record TargetOptions(InetSocketAddress address, TransportLimits limits) {
  private static final Logger log = LoggerFactory.getLogger(TargetOptions.class);

  private static final String QUEUE_DEPTH = "NVMF_TCP_MAX_QUEUE_DEPTH";
  private static final String QUEUES = "NVMF_TCP_MAX_QPAIRS_PER_CTRL";
  private static final int MAX_QUEUE_DEPTH = 4096;
  private static final int MAX_QUEUES = 1024;
  private static final int LEAST_IO_BYTES = 4096;
  private static final int CAPSULE_UNIT = 16;
  private static final int MAX_CAPSULE_BYTES = 65536;
  private static final int MAX_PORT = 65535;

  /**
   * @param environment value of a variable, {@code null} when not set
   * @param largestBuffer of the reactors' pools
   */
  static TargetOptions of(TargetConfig config, UnaryOperator<String> environment, int largestBuffer)
      throws TenonException {
    int depth = number(environment, QUEUE_DEPTH, config.max_queue_depth(), MAX_QUEUE_DEPTH);
    int queues = number(environment, QUEUES, config.max_queues(), MAX_QUEUES);
    require(isIn(config.port(), 0, MAX_PORT), "port", config.port(), "0 to 65535");
    require(isIn(depth, 2, MAX_QUEUE_DEPTH), "max_queue_depth", depth, "2 to 4096");
    require(isIn(queues, 2, MAX_QUEUES), "max_queues", queues, "2 to 1024");
    int adminDepth = config.admin_queue_depth();
    require(isIn(adminDepth, 2, MAX_QUEUE_DEPTH), "admin_queue_depth", adminDepth, "2 to 4096");
    int ioBytes = config.max_io_bytes();
    require(
        isIn(ioBytes, LEAST_IO_BYTES, largestBuffer) && Integer.bitCount(ioBytes) == 1,
        "max_io_bytes",
        ioBytes,
        "a power of two from 4096 to the size of a large buffer, " + largestBuffer);
    int capsule = config.in_capsule_bytes();
    require(
        isIn(capsule, 0, MAX_CAPSULE_BYTES) && capsule % CAPSULE_UNIT == 0,
        "in_capsule_bytes",
        capsule,
        "a multiple of 16, up to 65536");
    return new TargetOptions(
        address(config),
        new TransportLimits(TransportType.TCP, depth, queues, ioBytes, capsule, adminDepth));
  }

  private static boolean isIn(int value, int least, int most) {
    return value >= least && value <= most;
  }

  private static void require(boolean holds, String name, Object value, String allowed)
      throws TenonException {
    if (holds) return;
    throw new TenonException(
        "The NVMe/TCP target was not started.",
        name + " is " + value + "; allowed is " + allowed + ".",
        "Correct the configuration of io.tenon.transport.nvmetcp.");
  }

  private static int number(
      UnaryOperator<String> environment, String name, int configured, int most) {
    String text = environment.apply(name);
    if (text == null) return configured;
    try {
      int value = Integer.parseInt(text.strip());
      if (isIn(value, 2, most)) return value;
      log.warn("{}={} is not in 2 to {}; {} is used", name, text, most, configured);
    } catch (NumberFormatException e) {
      log.warn("{}={} is not a number; {} is used", name, text, configured);
    }
    return configured;
  }

  private static InetSocketAddress address(TargetConfig config) throws TenonException {
    try {
      return new InetSocketAddress(InetAddress.ofLiteral(config.address()), config.port());
    } catch (IllegalArgumentException e) {
      throw new TenonException(
          "The NVMe/TCP target was not started.",
          "address is " + config.address() + "; that is not an IP address.",
          "Correct the configuration of io.tenon.transport.nvmetcp.",
          e);
    }
  }
}
