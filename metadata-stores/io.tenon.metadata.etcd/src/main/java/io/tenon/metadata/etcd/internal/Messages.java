package io.tenon.metadata.etcd.internal;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import io.etcd.jetcd.api.KeyValue;
import io.tenon.metadata.Entry;
import io.tenon.metadata.Key;
import io.tenon.metadata.LeaseId;
import io.tenon.metadata.Prefix;
import io.tenon.metadata.Value;
import io.tenon.metadata.Version;
import java.util.Arrays;
import java.util.Optional;

/** Between our words and etcd's. */
final class Messages {
  private static final ByteString ZERO = ByteString.copyFrom(new byte[1]);

  private Messages() {}

  static ByteString bytes(Key key) {
    return UnsafeByteOperations.unsafeWrap(key.bytes());
  }

  static ByteString bytes(Value value) {
    return UnsafeByteOperations.unsafeWrap(value.bytes());
  }

  /** Where a range of these keys begins; etcd has no empty key. */
  static ByteString first(Prefix prefix) {
    return prefix.text().isEmpty() ? ZERO : UnsafeByteOperations.unsafeWrap(prefix.bytes());
  }

  /** The first key after all of these; a zero byte means all that there are. */
  static ByteString end(Prefix prefix) {
    byte[] bytes = prefix.bytes();
    for (int i = bytes.length - 1; i >= 0; i--) {
      if (bytes[i] == (byte) 0xff) continue;
      bytes[i]++;
      return ByteString.copyFrom(Arrays.copyOf(bytes, i + 1));
    }
    return ZERO;
  }

  /** The key right after this one. */
  static ByteString after(ByteString key) {
    return key.concat(ZERO);
  }

  /**
   * @throws IllegalArgumentException when a stranger's key is no text, or its value too long for us
   */
  static Entry entry(KeyValue found) {
    return new Entry(
        key(found.getKey()),
        Value.of(found.getValue().toByteArray()),
        new Version(found.getModRevision()),
        found.getLease() == 0 ? Optional.empty() : Optional.of(new LeaseId(found.getLease())));
  }

  static Key key(ByteString bytes) {
    if (!bytes.isValidUtf8()) {
      throw new IllegalArgumentException(
          "key " + Arrays.toString(bytes.toByteArray()) + " is no UTF-8");
    }
    return Key.of(bytes.toStringUtf8());
  }
}
