package io.tenon.transport.nvmetcp.internal.pdu;

/** Fatal error status of a termination request, TCP Transport 1.0c §3.6.2.4 and §3.6.2.5. */
public enum Fatal {
  /** The information is the offset of the field. */
  INVALID_HEADER_FIELD(0x01, true),
  SEQUENCE_ERROR(0x02, false),
  /** The information is the digest that was received. */
  HEADER_DIGEST_ERROR(0x03, true),
  DATA_OUT_OF_RANGE(0x04, false),
  /** From a controller: more data than MAXH2CDATA or more commands than entries; from a host: more R2Ts than allowed. */
  LIMIT_EXCEEDED(0x05, false),
  /** The information is the offset of the field. */
  UNSUPPORTED_PARAMETER(0x06, true);

  private static final Fatal[] ALL = values();

  private final int code;
  private final boolean hasInformation;

  Fatal(int code, boolean hasInformation) {
    this.code = code;
    this.hasInformation = hasInformation;
  }

  public int code() {
    return code;
  }

  /** For logs: what a peer told. */
  public static String text(int code, long information) {
    for (Fatal fatal : ALL) {
      if (fatal.code == code) return fatal.text(information);
    }
    return "fatal error " + code;
  }

  /** For logs. */
  public String text(long information) {
    String words = name().toLowerCase(java.util.Locale.ROOT).replace('_', ' ');
    return hasInformation ? words + ", information " + information : words;
  }
}
