package io.tenon.error;

import com.google.errorprone.annotations.FormatMethod;
import com.google.errorprone.annotations.FormatString;
import org.jspecify.annotations.Nullable;

/**
 * Assertions that are always on. A failed check is our bug, never the world's: it stops the operation that found it.
 *
 * <p>{@link #that} allocates its arguments, so a poll thread writes {@code if (bad) throw Check.bug(...)}.
 */
public final class Check {
  private Check() {}

  /** Thrown by a failed check; nobody catches it to carry on as if nothing had happened. */
  public static final class Bug extends IllegalStateException {
    private static final long serialVersionUID = 1;

    private Bug(String message) {
      super(message);
    }
  }

  @FormatMethod
  public static void that(
      boolean holds, @FormatString String message, @Nullable Object... arguments) {
    if (!holds) throw new Bug(message.formatted(arguments));
  }

  /** Made, not thrown, so that the caller's control flow is plain: {@code throw Check.bug(...)}. */
  @FormatMethod
  public static Bug bug(@FormatString String message, @Nullable Object... arguments) {
    return new Bug(message.formatted(arguments));
  }
}
