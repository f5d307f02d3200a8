// Command pyroscope answers Pyroscope's querier API, by the published API module, from files DIR/SERVICE/POD/*.pb.gz.
//
// As Pyroscope does, it keeps each sample type on its own, adds up the profiles in the span of a query, keeps of alloc_* the
// difference to the profile before, and loses numeric labels, addresses and the period. Closing its input ends it.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"connectrpc.com/connect"
	"github.com/google/pprof/profile"
	googlev1 "github.com/grafana/pyroscope/api/gen/proto/go/google/v1"
	querierv1 "github.com/grafana/pyroscope/api/gen/proto/go/querier/v1"
	"github.com/grafana/pyroscope/api/gen/proto/go/querier/v1/querierv1connect"
	typesv1 "github.com/grafana/pyroscope/api/gen/proto/go/types/v1"
)

// kept is one profile of one process, with one sample type.
type kept struct {
	id, kind string
	labels   map[string]string
	at       int64 // milliseconds since 1970
	profile  *profile.Profile
}

func (k kept) total() (sum int64) {
	for _, sample := range k.profile.Sample {
		sum += sample.Value[0]
	}
	return sum
}

type server struct {
	querierv1connect.UnimplementedQuerierServiceHandler
	kept   []kept
	single bool // whether single profiles can be asked for
	newer  bool // whether it has SelectMergeStacktraces in place of SelectMergeProfile
}

func read(path string) *profile.Profile {
	file, err := os.Open(path)
	if err != nil {
		log.Fatal(err)
	}
	defer file.Close()
	made, err := profile.Parse(file)
	if err != nil {
		log.Fatal(err)
	}
	return made
}

// split returns the profiles of one process, each with one sample type.
func split(paths []string) (out []kept) {
	slices.Sort(paths)
	for i, path := range paths {
		pod := filepath.Dir(path)
		labels := map[string]string{"service_name": filepath.Base(filepath.Dir(pod)), "pod": filepath.Base(pod)}
		for column, kind := range read(path).SampleType {
			now := read(path)
			if strings.HasPrefix(kind.Type, "alloc_") {
				if i == 0 {
					continue
				}
				before := read(paths[i-1])
				before.Scale(-1)
				var err error
				if now, err = profile.Merge([]*profile.Profile{now, before}); err != nil {
					log.Fatal(err)
				}
			}
			now.SampleType, now.DefaultSampleType, now.Period = now.SampleType[column:column+1], "", 0
			for _, sample := range now.Sample {
				sample.Value, sample.NumLabel, sample.NumUnit = sample.Value[column:column+1], nil, nil
			}
			for _, location := range now.Location {
				location.Address = 0
			}
			out = append(out, kept{path, kind.Type, labels, read(path).TimeNanos / 1e6, now})
		}
	}
	return out
}

var matcher = regexp.MustCompile(`(\w+)="([^"]*)"`)

func (s *server) matching(typeID, selector string, start, end int64) (out []kept) {
	kind := strings.Split(typeID, ":")[1]
	for _, one := range s.kept {
		fits := one.kind == kind && start <= one.at && one.at <= end
		for _, match := range matcher.FindAllStringSubmatch(selector, -1) {
			fits = fits && one.labels[match[1]] == match[2]
		}
		if fits {
			out = append(out, one)
		}
	}
	return out
}

func (s *server) ProfileTypes(context.Context, *connect.Request[querierv1.ProfileTypesRequest]) (*connect.Response[querierv1.ProfileTypesResponse], error) {
	units := map[string]string{}
	for _, one := range s.kept {
		units[one.kind] = one.profile.SampleType[0].Unit
	}
	answer := &querierv1.ProfileTypesResponse{}
	for kind, unit := range units {
		id := fmt.Sprintf("memory:%s:%s:space:bytes", kind, unit)
		answer.ProfileTypes = append(answer.ProfileTypes, &typesv1.ProfileType{
			ID: id, Name: "memory", SampleType: kind, SampleUnit: unit, PeriodType: "space", PeriodUnit: "bytes",
		})
	}
	return connect.NewResponse(answer), nil
}

func (s *server) LabelValues(_ context.Context, asked *connect.Request[typesv1.LabelValuesRequest]) (*connect.Response[typesv1.LabelValuesResponse], error) {
	answer := &typesv1.LabelValuesResponse{}
	for _, one := range s.kept {
		if value := one.labels[asked.Msg.Name]; !slices.Contains(answer.Names, value) {
			answer.Names = append(answer.Names, value)
		}
	}
	return connect.NewResponse(answer), nil
}

func (s *server) SelectMergeProfile(_ context.Context, asked *connect.Request[querierv1.SelectMergeProfileRequest]) (*connect.Response[googlev1.Profile], error) {
	if s.newer {
		return nil, connect.NewError(connect.CodeUnimplemented, errors.New("it is gone"))
	}
	answer, err := s.merged(asked.Msg)
	return connect.NewResponse(answer), err
}

func (s *server) SelectMergeStacktraces(_ context.Context, asked *connect.Request[querierv1.SelectMergeStacktracesRequest]) (*connect.Response[querierv1.SelectMergeStacktracesResponse], error) {
	q := asked.Msg
	if q.Format != querierv1.ProfileFormat_PROFILE_FORMAT_PPROF {
		return nil, connect.NewError(connect.CodeUnimplemented, errors.New("only pprof"))
	}
	answer, err := s.merged(&querierv1.SelectMergeProfileRequest{
		ProfileTypeID: q.ProfileTypeID, LabelSelector: q.LabelSelector, Start: q.Start, End: q.End, ProfileIdSelector: q.ProfileIdSelector,
	})
	return connect.NewResponse(&querierv1.SelectMergeStacktracesResponse{Pprof: &querierv1.PprofProfile{Profile: answer}}), err
}

func (s *server) merged(q *querierv1.SelectMergeProfileRequest) (*googlev1.Profile, error) {
	var found []*profile.Profile
	for _, one := range s.matching(q.ProfileTypeID, q.LabelSelector, q.Start, q.End) {
		if len(q.ProfileIdSelector) == 0 || slices.Contains(q.ProfileIdSelector, one.id) {
			found = append(found, one.profile.Copy())
		}
	}
	answer := &googlev1.Profile{}
	if len(found) == 0 {
		return answer, nil
	}
	merged, err := profile.Merge(found)
	if err != nil {
		return nil, err
	}
	merged.DurationNanos = (q.End - q.Start) * 1e6
	var data strings.Builder
	if err := merged.WriteUncompressed(&data); err != nil {
		return nil, err
	}
	return answer, answer.UnmarshalVT([]byte(data.String()))
}

func (s *server) SelectSeries(_ context.Context, asked *connect.Request[querierv1.SelectSeriesRequest]) (*connect.Response[querierv1.SelectSeriesResponse], error) {
	q := asked.Msg
	step := int64(q.Step * 1000)
	points, counts := map[string]map[int64]*typesv1.Point{}, map[*typesv1.Point]float64{}
	answer := &querierv1.SelectSeriesResponse{}
	for _, one := range s.matching(q.ProfileTypeID, q.LabelSelector, q.Start, q.End) {
		series := &typesv1.Series{}
		for _, name := range q.GroupBy {
			if value := one.labels[name]; value != "" {
				series.Labels = append(series.Labels, &typesv1.LabelPair{Name: name, Value: value})
			}
		}
		key := fmt.Sprint(series.Labels)
		if points[key] == nil {
			points[key] = map[int64]*typesv1.Point{}
			answer.Series = append(answer.Series, series)
		}
		end := (one.at + step - 1) / step * step // the interval is open at its begin
		point := points[key][end]
		if point == nil {
			point = &typesv1.Point{Timestamp: end}
			points[key][end] = point
			last := answer.Series[len(answer.Series)-1]
			last.Points = append(last.Points, point)
			if s.single && q.ExemplarType == typesv1.ExemplarType_EXEMPLAR_TYPE_INDIVIDUAL {
				point.Exemplars = []*typesv1.Exemplar{{Timestamp: one.at, ProfileId: one.id, Value: one.total()}}
			}
		}
		point.Value += float64(one.total())
		counts[point]++
	}
	if q.GetAggregation() == typesv1.TimeSeriesAggregationType_TIME_SERIES_AGGREGATION_TYPE_AVERAGE {
		for point, count := range counts {
			point.Value /= count
		}
	}
	return connect.NewResponse(answer), nil
}

func main() {
	dir := flag.String("dir", ".", "the profiles")
	merges := flag.Bool("merges", false, "know no single profiles, as before storage v2")
	newer := flag.Bool("newer", false, "have only the newer method for profiles")
	flag.Parse()
	pods, _ := filepath.Glob(filepath.Join(*dir, "*", "*"))
	made := &server{single: !*merges, newer: *newer}
	for _, pod := range pods {
		paths, _ := filepath.Glob(filepath.Join(pod, "*.pb.gz"))
		made.kept = append(made.kept, split(paths)...)
	}
	mux := http.NewServeMux()
	mux.Handle(querierv1connect.NewQuerierServiceHandler(made))
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("http://%s\n", listener.Addr())
	go func() { log.Fatal(http.Serve(listener, mux)) }()
	io.Copy(io.Discard, os.Stdin)
}
