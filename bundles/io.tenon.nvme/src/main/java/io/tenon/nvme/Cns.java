package io.tenon.nvme;

/** Controller or Namespace Structure values of Identify, Base 2.0c Figure 273. */
public final class Cns {
  public static final int NAMESPACE = 0x00;
  public static final int CONTROLLER = 0x01;
  public static final int ACTIVE_NAMESPACES = 0x02;
  public static final int NAMESPACE_DESCRIPTORS = 0x03;
  public static final int COMMAND_SET_NAMESPACE = 0x05;
  public static final int COMMAND_SET_CONTROLLER = 0x06;
  public static final int INDEPENDENT_NAMESPACE = 0x08;

  /** Length of every structure. */
  public static final int LENGTH_BYTES = 4096;

  private Cns() {}
}
