package io.tenon.shell.api;

import java.io.IOException;

/** What happened to those who came, or tried to, written down beside the log of their commands: a service. */
public interface Audit {
  /** What happened. */
  enum Event {
    LOGGED_IN,
    LOGGED_OUT,

    /** Somebody showed a key that does not let them in. */
    REFUSED,

    /** Nobody is let in from an address for a while. */
    BLOCKED
  }

  /**
   * Never fails; what cannot be written is in the node's log.
   *
   * @param user as claimed
   * @param key fingerprint; empty when none was shown
   * @param address empty when there is none
   * @param why a sentence; empty when there is nothing to say
   */
  void connection(Event event, String via, String user, String key, String address, String why);

  /**
   * Something that changes the node, and is no line of its shell, is about to be done.
   *
   * @param what without secrets
   * @throws IOException when it was not written: then it may not be done
   */
  void change(Caller caller, String what) throws IOException;
}
