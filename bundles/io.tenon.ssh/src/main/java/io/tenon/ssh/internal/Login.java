package io.tenon.ssh.internal;

import io.tenon.shell.api.Role;

/**
 * Somebody who may log in.
 *
 * @param fingerprint of the key, as {@code ssh-keygen -l} shows it; empty for one who has a password
 * @param mark of the password; empty for one who has a key
 */
record Login(String user, Role role, String fingerprint, String mark) {
  static Login byKey(String user, Role role, String fingerprint) {
    return new Login(user, role, fingerprint, "");
  }

  static Login byPassword(String user, Role role, String mark) {
    return new Login(user, role, "", mark);
  }

  boolean isByPassword() {
    return fingerprint.isEmpty();
  }
}
