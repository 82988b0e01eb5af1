package io.tenon.engine.internal;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.grpc.StatusException;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** The hosts of a request that may connect, by NQN. */
final class Hosts {
  private static final String PREFIX = "nqn.";

  /** NVMe base specification 2.0 §4.5. */
  private static final int MAX_NQN_BYTES = 223;

  private Hosts() {}

  /**
   * A name that no host can have would shut out all hosts instead of letting one in, so it is refused.
   *
   * @param what was not done, for the refusal: {@code Nexus x was not published}
   * @return in the order given; empty for any host
   */
  static Set<String> checked(List<String> nqns, String what) throws StatusException {
    for (String nqn : nqns) {
      String why = "";
      if (!nqn.startsWith(PREFIX)) why = "does not begin with " + PREFIX;
      else if (nqn.chars().anyMatch(Character::isISOControl)) why = "has a control character";
      else if (nqn.getBytes(UTF_8).length > MAX_NQN_BYTES) {
        why = "has more than " + MAX_NQN_BYTES + " bytes";
      }
      if (why.isEmpty()) continue;
      throw Answers.invalid(
          "%s: allowed host \"%s\" is no NQN, since it %s. Give NQNs of hosts, or none to let any in."
              .formatted(what, nqn, why));
    }
    return new LinkedHashSet<>(nqns);
  }
}
