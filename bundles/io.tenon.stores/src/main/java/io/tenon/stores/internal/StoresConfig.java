package io.tenon.stores.internal;

import org.osgi.service.metatype.annotations.AttributeDefinition;
import org.osgi.service.metatype.annotations.ObjectClassDefinition;

@ObjectClassDefinition(name = "Tenon metadata store, replaced")
@interface StoresConfig {
  @AttributeDefinition(
      name = "Deadline of a replacement",
      description =
          "Calls wait this long for the next store after one has gone; then they are refused. Milliseconds.")
  long reopen_deadline_ms() default 10_000;
}
