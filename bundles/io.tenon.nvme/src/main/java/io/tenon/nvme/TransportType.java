package io.tenon.nvme;

/** TRTYPE of discovery log entries, Base 2.0c Figure 293. */
public enum TransportType {
  RDMA(1),
  TCP(3);

  private final int code;

  TransportType(int code) {
    this.code = code;
  }

  public int code() {
    return code;
  }
}
