package io.tenon.registry;

import io.tenon.error.TenonException;

/** A value in the metadata store is not what its key promises. */
public final class RegistryFormatException extends TenonException {
  private static final long serialVersionUID = 1;

  RegistryFormatException(String kind, String why) {
    super(
        "A " + kind + " in the metadata store cannot be read.",
        why,
        "Look at it with tenon:store get, and restore what was there; what cannot be read is not trusted.");
  }
}
