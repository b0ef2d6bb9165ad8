// Package measure measures a kernel in the way of compute::measure, the Rust programs' module.
package measure

import (
	"fmt"
	"slices"
	"strconv"
	"time"
)

// The first calls that are reported apart: those of this time.
const first = time.Second

// Pace says how long a kernel is run.
type Pace struct {
	warmUp  time.Duration
	batch   time.Duration
	batches int
}

// FromArguments reads the milliseconds of the warm-up and of a batch, and how many batches.
func FromArguments(arguments []string) (Pace, error) {
	var numbers [3]int
	if len(arguments) != len(numbers) {
		return Pace{}, fmt.Errorf("%d arguments instead of WARM-UP BATCH BATCHES", len(arguments))
	}
	for i, argument := range arguments {
		number, err := strconv.Atoi(argument)
		if err != nil || number < 1 {
			return Pace{}, fmt.Errorf("%q is not a number above 0", argument)
		}
		numbers[i] = number
	}
	return Pace{
		warmUp:  time.Duration(numbers[0]) * time.Millisecond,
		batch:   time.Duration(numbers[1]) * time.Millisecond,
		batches: numbers[2],
	}, nil
}

// Measure runs it and prints the nanoseconds of one of the calls that a run makes: first, the mean of
// the first second, and steady, the median of the batches. The first run's answer is the checksum, and
// every other run's.
func (p Pace) Measure(calls int, run func() (uint32, error)) error {
	began := time.Now()
	checksum, err := run()
	if err != nil {
		return err
	}
	nanosPerRun := func(began time.Time, runs int, atLeast time.Duration) (float64, error) {
		for time.Since(began) < atLeast {
			again, err := run()
			if err != nil {
				return 0, err
			}
			if again != checksum {
				return 0, fmt.Errorf("it computes %d, and then %d", checksum, again)
			}
			runs++
		}
		return float64(time.Since(began).Nanoseconds()) / float64(runs*calls), nil
	}
	early, err := nanosPerRun(began, 1, min(first, p.warmUp))
	if err != nil {
		return err
	}
	if _, err := nanosPerRun(time.Now(), 0, p.warmUp-first); err != nil {
		return err
	}
	batches := make([]float64, p.batches)
	for i := range batches {
		if batches[i], err = nanosPerRun(time.Now(), 0, p.batch); err != nil {
			return err
		}
	}
	slices.Sort(batches)
	fmt.Printf("first %.1f\nsteady %.1f\nchecksum %d\n", early, batches[len(batches)/2], checksum)
	return nil
}
