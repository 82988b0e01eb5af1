package io.tenon.shell.internal;

import java.util.Locale;
import java.util.regex.Pattern;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/**
 * An amount of storage, written as people write it: {@code 512MiB}, {@code 1.5GiB}, {@code 4096}.
 *
 * @param bytes 0 or more
 */
record Size(long bytes) {
  private static final Pattern WRITTEN =
      Pattern.compile("(\\d+(?:\\.\\d+)?)\\s*(?:([KMGTP])I?B?|B)?", Pattern.CASE_INSENSITIVE);
  private static final String PREFIXES = "KMGTP";
  private static final int STEP = 10;

  /** {@code K}, {@code KB} and {@code KiB} all mean 1024 bytes. */
  static Size parse(String text) {
    var match = WRITTEN.matcher(text.strip());
    if (!match.matches()) {
      throw new TypeConversionException(
          "'" + text + "' is not a size; write it as 64MiB, 1GiB or a number of bytes");
    }
    String prefix = match.group(2);
    int shift = prefix == null ? 0 : STEP * (PREFIXES.indexOf(prefix.toUpperCase(Locale.ROOT)) + 1);
    double bytes = Double.parseDouble(match.group(1)) * (1L << shift);
    if (bytes >= Long.MAX_VALUE) {
      throw new TypeConversionException("'" + text + "' is more than any device can hold");
    }
    return new Size((long) bytes);
  }

  static final class Converter implements ITypeConverter<Size> {
    @Override
    public Size convert(String text) {
      return parse(text);
    }
  }

  @Override
  public String toString() {
    int step = 0;
    double amount = bytes;
    while (amount >= 1 << STEP && step < PREFIXES.length()) {
      amount /= 1 << STEP;
      step++;
    }
    if (step == 0) return bytes + " B";
    String number =
        amount == Math.rint(amount) ? "%.0f".formatted(amount) : "%.1f".formatted(amount);
    return number + " " + PREFIXES.charAt(step - 1) + "iB";
  }
}
