package io.tenon.shell.api;

/**
 * People who have a password: a service, for the ways in that are told to ask for one. Any thread but a reactor's.
 *
 * <p>Guessing is slow for everybody and stops for a while for the address that goes on with it, whichever way in it takes. What came of
 * an attempt is the caller's to write down ({@link Audit}).
 */
public interface Accounts {
  /** Whether anybody has a password. Cheap enough to be asked again and again. */
  boolean any();

  /**
   * Takes some tenths of a second on purpose, also for a user that is not there.
   *
   * @param address that the attempt came from
   */
  Verdict check(String user, char[] password, String address);

  /** Whether the password that was good at {@link Verdict.Good} is still the user's. Cheap enough to be asked again and again. */
  boolean stands(String user, String mark);

  /** What came of an attempt. */
  sealed interface Verdict {
    /**
     * The password is the user's.
     *
     * @param mark that the password has until it is changed; no secret
     */
    record Good(Role role, String mark) implements Verdict {}

    /**
     * It is not, or there is no such user.
     *
     * @param blocked nobody is heard from this address for a while from now on
     */
    record Wrong(boolean blocked) implements Verdict {}

    /**
     * It was not looked at.
     *
     * @param why a sentence
     */
    record NotHeard(String why) implements Verdict {}
  }
}
