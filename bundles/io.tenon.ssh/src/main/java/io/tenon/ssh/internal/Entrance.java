package io.tenon.ssh.internal;

import io.tenon.shell.api.Accounts;
import io.tenon.shell.api.Audit;
import io.tenon.shell.api.Caller;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.security.PublicKey;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.apache.sshd.common.SshConstants;
import org.apache.sshd.common.session.Session;
import org.apache.sshd.common.session.SessionDisconnectHandler;
import org.apache.sshd.common.session.SessionListener;
import org.apache.sshd.common.session.helpers.TimeoutIndicator;
import org.apache.sshd.server.auth.AsyncAuthException;
import org.apache.sshd.server.auth.pubkey.PublickeyAuthenticator;
import org.apache.sshd.server.session.ServerSession;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Who is let in. Every connection goes through here from its first to its last moment, and is in the audit log. */
final class Entrance implements PublickeyAuthenticator, SessionListener, SessionDisconnectHandler {
  private static final Logger log = LoggerFactory.getLogger(Entrance.class);
  private static final String VIA = "ssh";
  private static final String FULL = "As many as may be are logged in.";

  private final Supplier<AuthorizedKeys> keys;
  private final Accounts accounts;
  private final Doorkeeper doorkeeper;
  private final Audit audit;
  private final Map<Session, Visit> visits = new ConcurrentHashMap<>();

  Entrance(Supplier<AuthorizedKeys> keys, Accounts accounts, Doorkeeper doorkeeper, Audit audit) {
    this.keys = keys;
    this.accounts = accounts;
    this.doorkeeper = doorkeeper;
    this.audit = audit;
  }

  /** A connection; its fields are those of the thread that handles it, which changes only between messages. */
  private static final class Visit {
    final String from;
    volatile @Nullable Login shown;
    volatile @Nullable Login in;
    volatile boolean failed;
    volatile boolean counted;

    /** Why it was ended here; empty when it was not. */
    volatile String ended = "";

    Visit(String from) {
      this.from = from;
    }
  }

  /** Before anything is read from it. */
  @Override
  public void sessionCreated(Session session) {
    forgetThoseThatEndedUnheard();
    var visit = new Visit(Doorkeeper.addressOf(session.getRemoteAddress()));
    if (!doorkeeper.admits(visit.from)) {
      log.debug("a connection of {} was not taken", visit.from);
      session.getIoSession().close(true);
      return;
    }
    doorkeeper.comes(visit.from);
    visits.put(session, visit);
  }

  /** One that breaks while it is made may end without a word, and would take a stranger's place for ever. */
  private void forgetThoseThatEndedUnheard() {
    for (Session session : visits.keySet()) {
      if (!session.getIoSession().isOpen()) sessionClosed(session);
    }
  }

  /** Asked twice for a key that is good: may it be tried, and then with the proof that it is theirs. */
  @Override
  public boolean authenticate(String user, PublicKey key, ServerSession session)
      throws AsyncAuthException {
    var visit = visits.get(session);
    if (visit == null) return false; // it is being closed
    visit.shown = null;
    var login = keys.get().find(user, key);
    if (login.isPresent() && doorkeeper.hasRoom()) {
      visit.shown = login.get();
      return true;
    }
    if (login.isEmpty()) visit.failed = true;
    audit.connection(
        Audit.Event.REFUSED,
        VIA,
        user,
        AuthorizedKeys.fingerprint(key),
        address(session),
        login.isEmpty() ? "That key lets nobody of this name in." : FULL);
    throw later(visit);
  }

  /** Asked only where passwords are on. Hashing takes long, so it is not done by a thread that others wait for. */
  boolean authenticate(String user, String password, ServerSession session)
      throws AsyncAuthException {
    var visit = visits.get(session);
    if (visit == null) return false; // it is being closed
    visit.shown = null;
    var answer = new AsyncAuthException();
    Thread.ofVirtual()
        .name("ssh-password")
        .start(() -> answer(user, password.toCharArray(), session, visit, answer));
    throw answer;
  }

  private void answer(
      String user, char[] password, Session session, Visit visit, AsyncAuthException answer) {
    String why;
    switch (accounts.check(user, password, visit.from)) {
      case Accounts.Verdict.Good good when doorkeeper.hasRoom() -> {
        visit.shown = Login.byPassword(user, good.role(), good.mark());
        answer.setAuthed(true);
        return;
      }
      case Accounts.Verdict.Good _ -> why = FULL;
      case Accounts.Verdict.Wrong wrong -> {
        visit.failed = true;
        why = "That password lets nobody of this name in.";
        if (wrong.blocked()) blocked(visit);
      }
      case Accounts.Verdict.NotHeard notHeard -> {
        visit.failed = true;
        why = notHeard.why();
      }
    }
    audit.connection(Audit.Event.REFUSED, VIA, user, "", address(session), why);
    later(visit, answer);
  }

  private void blocked(Visit visit) {
    audit.connection(
        Audit.Event.BLOCKED, VIA, "", "", visit.from, "Too many failures in a short time.");
  }

  /** The answer no, after a while in which no thread waits. */
  private AsyncAuthException later(Visit visit) {
    var answer = new AsyncAuthException();
    later(visit, answer);
    return answer;
  }

  private void later(Visit visit, AsyncAuthException answer) {
    CompletableFuture.delayedExecutor(
            doorkeeper.delay(visit.from).toMillis(), TimeUnit.MILLISECONDS)
        .execute(() -> answer.setAuthed(false));
  }

  @Override
  public void sessionEvent(Session session, Event event) {
    if (event != Event.Authenticated) return;
    var visit = visits.get(session);
    var login = visit == null ? null : visit.shown;
    if (visit == null || login == null || !login.user().equals(session.getUsername())) {
      session.close(true);
      return;
    }
    visit.counted = true;
    if (!doorkeeper.loggedIn(visit.from)) {
      audit(Audit.Event.REFUSED, session, login, FULL);
      session.close(true); // no word of it: the answer to the log-in is not out yet
      return;
    }
    visit.in = login;
    audit(Audit.Event.LOGGED_IN, session, login, login.isByPassword() ? "With a password." : "");
  }

  private void audit(Audit.Event event, Session session, Login login, String why) {
    audit.connection(event, VIA, login.user(), login.fingerprint(), address(session), why);
  }

  /** MINA would call it an error of the protocol. */
  @Override
  public boolean handleTimeoutDisconnectReason(Session session, TimeoutIndicator timeout) {
    long seconds = timeout.getThresholdValue().toSeconds();
    end(
        session,
        switch (timeout.getStatus()) {
          case AuthTimeout -> "You have not logged in within " + seconds + " s.";
          case IdleTimeout, NoTimeout -> "Nothing was said for " + seconds + " s.";
        });
    return true;
  }

  private void end(Session session, String why) {
    var visit = visits.get(session);
    if (visit != null) visit.ended = why;
    try {
      session.disconnect(SshConstants.SSH2_DISCONNECT_BY_APPLICATION, why);
    } catch (IOException e) {
      log.debug("a connection ended by itself: {}", e.getMessage());
      session.close(true);
    }
  }

  @Override
  public void sessionClosed(Session session) {
    var visit = visits.remove(session);
    if (visit == null) return;
    var login = visit.in;
    if (login != null) {
      doorkeeper.loggedOut();
      audit(Audit.Event.LOGGED_OUT, session, login, visit.ended);
    } else if (!visit.counted && doorkeeper.left(visit.from, visit.failed)) {
      blocked(visit);
    }
  }

  /** Closes the connections of those whose keys are listed no more, or whose passwords have changed. */
  void dismiss() {
    visits.forEach(
        (session, visit) -> {
          var login = visit.in;
          if (login != null && !stands(login)) {
            end(session, "What you logged in with does not let you in any more.");
          }
        });
  }

  private boolean stands(Login login) {
    return login.isByPassword()
        ? accounts.stands(login.user(), login.mark())
        : keys.get().contains(login);
  }

  /** Empty when the session has nobody logged in. */
  Optional<Caller> caller(Session session) {
    return Optional.ofNullable(visits.get(session))
        .map(visit -> visit.in)
        .map(
            login ->
                new Caller(login.user(), login.role(), VIA, address(session), login.fingerprint()));
  }

  private static String address(Session session) {
    return session.getRemoteAddress() instanceof InetSocketAddress inet
        ? inet.getAddress().getHostAddress()
        : "";
  }
}
