package io.tenon.node.internal;

import java.util.ArrayDeque;
import java.util.Collections;
import java.util.Deque;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.log.LogEntry;
import org.osgi.service.log.LogListener;
import org.osgi.service.log.LogReaderService;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;
import org.slf4j.spi.LoggingEventBuilder;

/**
 * Brings what the framework and its services log (a component that failed, a bundle that does not resolve) into the one
 * log that people read.
 */
@Component(service = {})
public final class LogBridge {
  /** Log Service Specification 101.3: how loggers of calls that name none begin. */
  private static final String UNNAMED = "LogService";

  private final LogReaderService reader;
  private final LogListener listener = LogBridge::pass;

  @Activate
  public LogBridge(@Reference LogReaderService reader) {
    this.reader = reader;
    Deque<LogEntry> earlier = new ArrayDeque<>();
    for (LogEntry entry : Collections.list(reader.getLog())) earlier.addFirst(entry);
    earlier.forEach(LogBridge::pass);
    reader.addLogListener(listener);
  }

  private static void pass(LogEntry entry) {
    LoggingEventBuilder event = LoggerFactory.getLogger(name(entry)).atLevel(level(entry));
    if (entry.getException() != null) event = event.setCause(entry.getException());
    event.log("{}", entry.getMessage());
  }

  /** What has no logger of its own is logged by its bundle. */
  private static String name(LogEntry entry) {
    String name = entry.getLoggerName();
    boolean unnamed = name.equals(Logger.ROOT_LOGGER_NAME) || name.startsWith(UNNAMED);
    return unnamed ? entry.getBundle().getSymbolicName() : name;
  }

  private static Level level(LogEntry entry) {
    return switch (entry.getLogLevel()) {
      case AUDIT, INFO -> Level.INFO;
      case ERROR -> Level.ERROR;
      case WARN -> Level.WARN;
      case DEBUG -> Level.DEBUG;
      case TRACE -> Level.TRACE;
    };
  }

  @Deactivate
  void close() {
    reader.removeLogListener(listener);
  }
}
