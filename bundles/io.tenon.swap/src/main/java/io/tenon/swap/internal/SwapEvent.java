package io.tenon.swap.internal;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;
import jdk.jfr.Timespan;

/** For Java Flight Recorder: one swap that was tried, from the stop of the old bundle to the end. */
@Name("io.tenon.Swap")
@Label("Bundle Swap")
@Category("Tenon")
@StackTrace(false)
final class SwapEvent extends Event {
  @Label("Bundle")
  String bundle = "";

  @Label("From Version")
  String fromVersion = "";

  @Label("To Version")
  String toVersion = "";

  @Label("Result")
  String result = "";

  @Label("Devices")
  @Description("Block devices whose I/O waited")
  int devices;

  @Label("Hosts")
  @Description("Connections of hosts that waited for a transport")
  int hosts;

  @Label("Broken Connections")
  @Description("Those that no transport went on with")
  int brokenConnections;

  @Label("Longest Pause")
  @Description("Of a device or a host's connection")
  @Timespan(Timespan.NANOSECONDS)
  long longestPause;

  @Label("Reason")
  String reason = "";
}
