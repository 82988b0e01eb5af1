/** Makes distributions out of a distribution. Outside the framework, on the plain class path. */
@NullMarked
package io.tenon.assembly;

import org.jspecify.annotations.NullMarked;
