package io.tenon.block;

import io.tenon.error.Check;
import java.util.Map;
import java.util.Optional;

/**
 * What a device leaves to its successor when the bundle of its backend is replaced, beyond what its URI says: memory that
 * holds its content, a connection that lives on. Whoever has it owns it, and closes it when no successor takes it.
 *
 * <p>Values are of the JDK and of API bundles only, so that nothing keeps the old bundle alive; those that are {@link
 * AutoCloseable} are closed with this.
 *
 * @param format who understands it, such as {@code malloc}
 * @param version of the format; a successor refuses one that it does not know
 */
public record Handover(String format, int version, Map<String, Object> values)
    implements AutoCloseable {
  public Handover {
    values = Map.copyOf(values);
  }

  /** Empty when it is missing or of another type. */
  public <T> Optional<T> value(String name, Class<T> type) {
    var value = values.get(name);
    return type.isInstance(value) ? Optional.of(type.cast(value)) : Optional.empty();
  }

  @Override
  public void close() {
    for (var value : values.values()) {
      if (!(value instanceof AutoCloseable resource)) continue;
      try {
        resource.close();
      } catch (Exception e) {
        throw Check.bug("handover %s was not closed: %s", format, e);
      }
    }
  }
}
