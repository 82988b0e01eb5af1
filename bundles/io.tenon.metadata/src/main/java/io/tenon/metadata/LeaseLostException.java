package io.tenon.metadata;

/** The lease that a key was to be put with has ended. Nothing was done. */
public final class LeaseLostException extends StoreException {
  private static final long serialVersionUID = 1;

  public LeaseLostException(String lease) {
    super(
        "The change was not made: lease " + lease + " has ended.",
        "It was revoked, or not renewed in time.",
        "Whoever held it has to claim anew.");
  }
}
