package io.gonext.conformance;

import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.syntax.ArchRuleDefinition;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** The packages of this module: {@code cli} uses {@code dev}, {@code kit} and {@code admin}. */
class CliPackagesTest {
  private static final JavaClasses CLASSES =
      new ClassFileImporter()
          .withImportOption(new ImportOption.DoNotIncludeTests())
          .importPackages("io.gonext.cli");

  @Test
  void the_packages_form_no_cycle() {
    assertThat(CLASSES.stream().map(JavaClass::getPackageName).collect(Collectors.toSet()))
        .contains("io.gonext.cli", "io.gonext.cli.build", "io.gonext.cli.dev", "io.gonext.cli.kit");
    slices().matching("io.gonext.cli.(*)..").should().beFreeOfCycles().check(CLASSES);
  }

  @Test
  void plugin_dev_and_the_other_author_commands_share_only_build_and_output() {
    slices()
        .matching("io.gonext.cli.(dev|kit|admin)")
        .should()
        .notDependOnEachOther()
        .check(CLASSES);
  }

  @Test
  void no_package_depends_on_the_command_line_itself() {
    ArchRuleDefinition.noClasses()
        .that()
        .resideInAPackage("io.gonext.cli.*..")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("io.gonext.cli")
        .check(CLASSES);
  }
}
