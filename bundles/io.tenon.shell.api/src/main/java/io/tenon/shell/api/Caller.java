package io.tenon.shell.api;

/**
 * A person, or a script of theirs, as they came in.
 *
 * @param user name
 * @param role that the user has
 * @param via the way in: {@code local}, {@code ssh}, {@code console}
 * @param address that they came from; empty when there is none
 * @param key fingerprint of the key that they showed; empty when there is none
 */
public record Caller(String user, Role role, String via, String address, String key) {}
