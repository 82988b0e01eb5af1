package io.tenon.transport.nvmetcp.internal.initiator;

import java.util.Locale;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The initiator's configuration, checked. A bad value is logged and the default kept, as Mayastor does. */
record InitiatorOptions(
    long ioTimeoutNs,
    long adminTimeoutNs,
    long keepAliveMs,
    long connectTimeoutNs,
    long holdNs,
    long giveUpMs,
    long firstDelayMs,
    long maxDelayMs,
    int queueDepth,
    String hostNqn,
    UUID hostId) {
  private static final Logger log = LoggerFactory.getLogger(InitiatorOptions.class);

  private static final Pattern DURATION = Pattern.compile("(\\d{1,12})\\s*(us|ms|s|m|h)?");
  private static final String FIVE_SECONDS = "5s";
  private static final String NQN_OF_UUID = "nqn.2019-05.io.openebs:uuid:";
  private static final int MIN_DEPTH = 2;
  private static final int MAX_DEPTH = 1024;

  /**
   * @param environment value of a variable, {@code null} when not set
   */
  static InitiatorOptions of(InitiatorConfig config, UnaryOperator<@Nullable String> environment) {
    String id = orElse(environment.apply("MAYASTOR_NVMF_HOSTID"), config.host_id());
    UUID hostId = uuid(id);
    String nqn = orElse(environment.apply("HOSTNQN"), config.host_nqn());
    return new InitiatorOptions(
        time(
            environment,
            "NVME_TIMEOUT",
            "_US",
            TimeUnit.MICROSECONDS,
            config.io_timeout(),
            FIVE_SECONDS),
        time(
            environment,
            "NVME_TIMEOUT_ADMIN",
            "_US",
            TimeUnit.MICROSECONDS,
            config.admin_timeout(),
            FIVE_SECONDS),
        TimeUnit.NANOSECONDS.toMillis(
            time(
                environment,
                "NVME_KATO",
                "_MS",
                TimeUnit.MILLISECONDS,
                config.keep_alive(),
                "10s")),
        connectTimeout(environment, config),
        TimeUnit.MILLISECONDS.toNanos(Math.max(0, config.reconnect_hold_ms())),
        config.give_up_ms() <= 0 ? Long.MAX_VALUE : config.give_up_ms(),
        Math.max(1, config.reconnect_delay_ms()),
        Math.max(config.reconnect_delay_ms(), config.reconnect_max_delay_ms()),
        Math.clamp(config.queue_depth(), MIN_DEPTH, MAX_DEPTH),
        nqn.isEmpty() ? NQN_OF_UUID + hostId : nqn,
        hostId);
  }

  private static String orElse(@Nullable String set, String configured) {
    return set == null || set.isBlank() ? configured : set.strip();
  }

  private static UUID uuid(String text) {
    if (text.isEmpty()) return UUID.randomUUID();
    try {
      return UUID.fromString(text);
    } catch (IllegalArgumentException e) {
      log.warn("host id {} is not a uuid; a random one is used", text);
      return UUID.randomUUID();
    }
  }

  private static long connectTimeout(
      UnaryOperator<@Nullable String> environment, InitiatorConfig config) {
    String set = environment.apply("NVMF_FABRICS_CONNECT_TIMEOUT");
    long configured = duration("connect_timeout", config.connect_timeout(), TimeUnit.SECONDS, "1s");
    long ns =
        set == null
            ? configured
            : duration("NVMF_FABRICS_CONNECT_TIMEOUT", set, TimeUnit.MICROSECONDS, "1s");
    return ns == 0 ? TimeUnit.SECONDS.toNanos(1) : ns;
  }

  /** Nanoseconds: {@code name} as people write it, else {@code name + suffix} as a plain number, else as configured. */
  private static long time(
      UnaryOperator<@Nullable String> environment,
      String name,
      String suffix,
      TimeUnit plainUnit,
      String configured,
      String fallback) {
    String human = environment.apply(name);
    if (human != null) return duration(name, human, TimeUnit.SECONDS, fallback);
    String plain = environment.apply(name + suffix);
    if (plain != null) return duration(name + suffix, plain, plainUnit, fallback);
    return duration(name.toLowerCase(Locale.ROOT), configured, TimeUnit.SECONDS, fallback);
  }

  /**
   * @param plainUnit of a number without one
   * @return nanoseconds
   */
  static long duration(String name, String text, TimeUnit plainUnit, String fallback) {
    var match = DURATION.matcher(text.strip());
    if (!match.matches()) {
      log.warn("{}={} is not a duration such as 5s; {} is used", name, text, fallback);
      return duration(name, fallback, plainUnit, fallback);
    }
    long number = Long.parseLong(match.group(1));
    String unit = match.group(2);
    if (unit == null) return plainUnit.toNanos(number);
    return switch (unit) {
      case "us" -> TimeUnit.MICROSECONDS.toNanos(number);
      case "ms" -> TimeUnit.MILLISECONDS.toNanos(number);
      case "m" -> TimeUnit.MINUTES.toNanos(number);
      case "h" -> TimeUnit.HOURS.toNanos(number);
      default -> TimeUnit.SECONDS.toNanos(number);
    };
  }
}
